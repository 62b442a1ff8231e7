import { expect, it } from 'vitest';
import { withinBudget } from '../../../pipeline/disk/inspect/budget.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';

it('reads until the budget is spent, then says so', async () => {
  const read = withinBudget(async (_, length) => new Uint8Array(length), 3000);
  expect(await read(0, 1000)).toHaveLength(1000);
  expect(await read(0, 2000)).toHaveLength(2000);
  await expect(read(7, 1)).rejects.toThrow('not looked at: what stands before it has 2.9 KiB of tables');
  await expect(read(7, 1)).rejects.toThrow(FormatFault);
});
