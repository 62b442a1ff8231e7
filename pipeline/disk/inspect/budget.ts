import { roundSize, type Bytes } from '../../formats/bytes.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { ReadAt } from '../../formats/read-at.ts';

/** As `read`, until `most` bytes were asked for in all; then a FormatFault. */
export function withinBudget(read: ReadAt, most: Bytes): ReadAt {
  let left = most;
  return async (offset, length) => {
    left -= length;
    if (left >= 0) return read(offset, length);
    throw new FormatFault(
      `not looked at: what stands before it has ${roundSize(most)} of tables`,
      'no real image has so many; is it one?',
    );
  };
}
