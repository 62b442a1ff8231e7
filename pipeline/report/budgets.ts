import { roundSize } from '../formats/bytes.ts';
import type { Event } from './events.ts';

/** "root 48.5 MiB of 64 MiB, packages 193 of 230". */
export function budgetsText({ budgets }: Extract<Event, { type: 'budgets' }>): string {
  return budgets
    .map(({ name, limit, found }) => {
      const text = ['root', 'image'].includes(name) ? roundSize : String;
      return `${name} ${text(found)} of ${text(limit)}`;
    })
    .join(', ');
}
