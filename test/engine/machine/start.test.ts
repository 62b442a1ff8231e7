import { describe, expect, it } from 'vitest';
import { mustLetIn } from '../../../pipeline/engine/machine/start.ts';

const READY = 'caisson: ready: quay eflow 2026.11.0 slot A,';

describe('a machine that is ready', () => {
  it.each(['ssh admin@10.0.2.15 port 22 (tcp)', 'ssh admin@10.0.2.15 port 22 (both)'])('is entered: %s', how =>
    expect(() => mustLetIn(`${READY} ${how}`)).not.toThrow(),
  );

  it.each([
    ['nobody can log in: no key was provisioned', 'nobody can log in'],
    ['ssh admin over vsock port 22', 'over vsock alone'],
  ])('cannot be entered: %s', (how, why) => expect(() => mustLetIn(`${READY} ${how}`)).toThrow(why));
});
