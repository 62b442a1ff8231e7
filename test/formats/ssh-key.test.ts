import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { decodePublicKeys } from '../../pipeline/formats/ssh-key.ts';

/** Made by ssh-keygen; the fingerprint below is what it says of it. */
const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINIpre16jWJWywJ/kZxrz72GHlwSehLogfZgOv7BS9aY keel@harbour';

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const line = (type: string, ...rest: Buffer[]): string =>
  `${type} ${Buffer.concat([field(Buffer.from(type)), ...rest.map(field)]).toString('base64')}`;

/** A modulus of so many bits, as an mpint: with a zero in front when its first bit is set. */
function rsa(bits: number): string {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0x5a);
  bytes[0] = 1 << ((bits - 1) % 8);
  const mpint = bits % 8 === 0 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
  return line('ssh-rsa', Buffer.from([1, 0, 1]), mpint);
}

/** A whole key and two bytes. */
const LONGER = 'AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABwc=';

const decode = (text: string) => decodePublicKeys(text, 'crew.pub');

describe('public keys', () => {
  it('are told with type, bits, fingerprint and comment', () =>
    expect(decode(`${ED25519}\n`)).toEqual([
      {
        type: 'ssh-ed25519',
        bits: 256,
        fingerprint: 'SHA256:zCew/4N/Zf8OqI3uF7T3ZW0/zIuoccqBqUW6ozyN1Y4',
        comment: 'keel@harbour',
        line: ED25519,
      },
    ]));

  it('may be many, between comments and blank lines, with line ends and a mark of Windows', () => {
    const text = `\uFEFF# crew\r\n\r\n${ED25519}\r\n  ${rsa(3072)} two  words \r\n${ED25519}`;
    expect(decode(text).map(({ bits, comment }) => [bits, comment])).toEqual([
      [256, 'keel@harbour'],
      [3072, 'two words'],
    ]);
  });

  it.each(['sk-ssh-ed25519@openssh.com', 'ecdsa-sha2-nistp384', 'sk-ecdsa-sha2-nistp256@openssh.com'])(
    'may be of type %s',
    type => expect(decode(line(type, Buffer.alloc(32)))[0]).toMatchObject({ type, comment: '' }),
  );

  it.each<[string, string, RegExp]>([
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n', /^crew.pub: that is the private key$/],
    ['a private key of old', '-----BEGIN RSA PRIVATE KEY-----\nb3Bl\n', /that is the private key/],
    ['a private key of PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\n', /that is the private key/],
    ['UTF-16', `\uFFFD\uFFFDs\0s\0h\0`, /is no UTF-8 text/],
    ['nothing', '# nobody\n\n', /holds no public key/],
    ['DSA', line('ssh-dss', Buffer.alloc(128)), /^crew.pub:1: a key of type ssh-dss is not taken$/],
    ['a short RSA', rsa(3071), /^crew.pub:1: an RSA key of 3071 bits is too weak$/],
    ['a type of nobody', line('ssh-kelp', Buffer.alloc(8)), /type ssh-kelp is not taken/],
    ['a certificate', line('ssh-ed25519-cert-v01@openssh.com', Buffer.alloc(8)), /that is a certificate/],
    ['options', `${ED25519}\nfrom="10.0.0.0/8" ${ED25519}`, /^crew.pub:2: options stand before the key$/],
    ['another format', '---- BEGIN SSH2 PUBLIC KEY ----\n', /^crew.pub:1: no OpenSSH public key$/],
    ['half a key', ED25519.slice(0, 60), /the key behind ssh-ed25519 is damaged/],
    ['a key with more behind it', `ssh-ed25519 ${LONGER}`, /ssh-ed25519 is damaged/],
    ['another type in the key', ED25519.replace('ssh-ed25519 ', 'ssh-rsa '), /behind ssh-rsa is damaged/],
    ['no key', 'ssh-ed25519', /behind ssh-ed25519 is damaged/],
    ['an escape sequence', `${ED25519}\u001b[2J`, /control characters/],
  ])('are not %s', (_, text, message) => {
    expect(() => decode(text)).toThrow(FormatFault);
    expect(() => decode(text)).toThrow(message);
  });

  it('name what is allowed', () =>
    expect(() => decode(rsa(2048))).toThrow(
      expect.objectContaining({
        hint: 'allowed are ED25519, ECDSA, their security key forms (sk-…), and RSA from 3072 bits',
      }),
    ));
});
