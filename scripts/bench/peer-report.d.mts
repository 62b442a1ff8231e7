interface Both<T> {
  caisson: T;
  mkosi: T;
}
interface Build {
  seconds: number;
  peak: number;
}
interface Round {
  load: number;
  full: Both<Build>;
  edit: Both<Build>;
  nothing: Both<Build>;
  rootHash: Both<string>;
  vhdx: { ours: number[]; theirs: number[]; oursBytes: number; theirsBytes: number };
  boot: Both<number | null>;
}
export function peerSection(measured: {
  host: string;
  versions: string;
  rounds: readonly Round[];
  sizes: readonly ({ what: string } & Both<string>)[];
}): string;
