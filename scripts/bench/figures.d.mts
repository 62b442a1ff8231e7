export function median(values: readonly number[]): number;
export function seconds(values: readonly number[]): string;
export function mib(bytes: number): string;
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string;
export function replaceSection(text: string, place: { name: string; section: string }): string;
export function family(root: number, processes: readonly (readonly [number, number])[]): number[];
