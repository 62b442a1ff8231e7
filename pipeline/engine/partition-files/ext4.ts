import { stat, truncate } from 'node:fs/promises';
import type { Bytes } from '../../formats/bytes.ts';
import { contentLength, decodeLatin1, splitMode, type Inode } from '../../formats/inode.ts';
import type { Argv, Programs } from './programs.ts';
import type { OpenReader } from './reader.ts';

/**
 * ext4 by debugfs(8), with commands that hold inode numbers alone: no name ever gets to its command parser. `-c`
 * leaves out the bitmaps, which nothing here needs and which take long to read on a large disk.
 */
export const openExt4: OpenReader = async (_, programs) => ({
  root: '2',
  caseless: false,
  children: async folders => {
    const listed = await ask(programs, { command: 'ls -p', about: folders.map(id => ({ id })), parse: parseFolder });
    const inodes = await ask(programs, { command: 'stat', about: listed.flat(), parse: parseStat });
    const slow = inodes.filter(each => each.type === 'symlink' && each.target === null);
    const targets = await ask(programs, { command: 'cat', about: slow, parse: parseSlowLink });
    const targetOf = new Map(slow.map((each, index) => [each, targets[index] ?? null]));
    const complete = inodes.map(each => ({ ...each, target: targetOf.get(each) ?? each.target }));
    let end = 0;
    return listed.map(({ length }) => complete.slice(end, (end += length)));
  },
  extract: async (file, target) => {
    const argv: Argv = (image, offset) => ['debugfs', '-c', '-R', `cat <${file.id}>`, `${image}?offset=${offset}`];
    await programs.write(argv, { target, limit: file.bytes + INLINE });
    // Of data inside the inode debugfs writes all the room there is, behind the end of the file zeros.
    const { size } = await stat(target);
    if (size > file.bytes) await truncate(target, file.bytes);
  },
  unpack: {
    argv: (image, offset, folder) => ['debugfs', '-c', '-R', `rdump / ${folder}`, `${image}?offset=${offset}`],
    ends: [0],
  },
});

/** What debugfs wrote, one character a byte, and how much of it is read. */
interface Transcript {
  readonly text: string;
  at: number;
}

interface Question<Subject, Answer> {
  command: string;
  about: readonly Subject[];
  /** Reads the answer from where the transcript stands; null when it is not what debugfs says. */
  parse(transcript: Transcript, subject: Subject): Answer | null;
}

/** An inode is no longer than a block. */
const INLINE: Bytes = 2 ** 16;
/** Questions given to one process: a list of its answers stays far below what Programs allows. */
const BATCH = 1024;

/** One command `COMMAND <ID>` for each subject, in order; debugfs writes each one before its answer. */
async function ask<Subject extends { id: string }, Answer>(
  programs: Programs,
  { command, about, parse }: Question<Subject, Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let start = 0; start < about.length; start += BATCH) {
    const batch = about.slice(start, start + BATCH);
    const transcript: Transcript = { text: await debugfs(programs, command, batch), at: 0 };
    for (const subject of batch) {
      skip(transcript, `debugfs: ${command} <${subject.id}>\n`, programs);
      const answer = parse(transcript, subject);
      if (answer === null)
        throw programs.fault('debugfs', `it answers "${command} <${subject.id}>" in words of its own`);
      answers.push(answer);
    }
  }
  return answers;
}

async function debugfs(programs: Programs, command: string, about: readonly { id: string }[]): Promise<string> {
  const commands = about.map(({ id }) => `${command} <${id}>\n`).join('');
  return programs.text((image, offset) => ['debugfs', '-c', '-f', '-', `${image}?offset=${offset}`], commands);
}

function skip(transcript: Transcript, expected: string, programs: Programs): void {
  if (!transcript.text.startsWith(expected, transcript.at))
    throw programs.fault('debugfs', `no answer to "${expected.trim()}"`);
  transcript.at += expected.length;
}

/** inode/mode/uid/gid/name/size/, of a folder without size. No name has a slash, so a name with a line end is no riddle. */
const CHILD = /\/(\d+)\/([0-7]{6})\/(-?\d+)\/(-?\d+)\/([^/]*)\/(\d*)\/\n/y;

function parseFolder(transcript: Transcript): Inode[] | null {
  const children: Inode[] = [];
  for (let match = matchAt(CHILD, transcript); match !== null; match = matchAt(CHILD, transcript)) {
    const [, id = '', octal = '', uid, gid, bytes = '', size] = match;
    const name = decodeLatin1(bytes);
    const { type, mode } = splitMode(Number.parseInt(octal, 8));
    // Inode 0: a place that is free.
    if (name === '.' || name === '..' || id === '0') continue;
    children.push({
      name,
      id,
      type,
      mode,
      // debugfs prints them signed.
      uid: Number(uid) >>> 0,
      gid: Number(gid) >>> 0,
      bytes: contentLength(type, Number(size)),
      modified: null,
      target: null,
    });
  }
  return matchAt(/\n/y, transcript) === null ? null : children;
}

/** Seconds, and in new inodes two more bits of them and the nanoseconds: Linux, Documentation/filesystems/ext4/inodes.rst. */
const MODIFIED = /^ ?mtime: 0x([0-9a-f]{8})(?::([0-9a-f]{8}))?/m;
const FAST_LINK = '\nFast link dest: "';

function parseStat(transcript: Transcript, inode: Inode): Inode | null {
  const { text } = transcript;
  const next = text.indexOf('\ndebugfs: ', transcript.at);
  // A target may look like what debugfs says: its length is known, so it is skipped.
  const link = inode.type === 'symlink' ? text.indexOf(FAST_LINK, transcript.at) : -1;
  const fast = link !== -1 && (next === -1 || link < next);
  const from = link + FAST_LINK.length;
  const to = from + inode.bytes;
  const end = text.indexOf('\ndebugfs: ', fast ? to : transcript.at);
  const [, seconds, extra = '0'] = MODIFIED.exec(text.slice(transcript.at, fast ? link : end)) ?? [];
  if (seconds === undefined || (fast && !text.startsWith('"', to))) return null;
  transcript.at = end === -1 ? text.length : end + 1;
  const modified = (Number.parseInt(seconds, 16) | 0) + (Number.parseInt(extra, 16) & 3) * 2 ** 32;
  return { ...inode, modified, target: fast ? decodeLatin1(text.slice(from, to)) : null };
}

/** A target of 60 bytes or more stands in a block of its own; nothing follows it but the next command. */
function parseSlowLink(transcript: Transcript, { bytes }: Inode): string | null {
  const target = transcript.text.slice(transcript.at, transcript.at + bytes);
  transcript.at += bytes;
  return target.length === bytes ? decodeLatin1(target) : null;
}

function matchAt(pattern: RegExp, transcript: Transcript): RegExpExecArray | null {
  pattern.lastIndex = transcript.at;
  const match = pattern.exec(transcript.text);
  if (match !== null) transcript.at = pattern.lastIndex;
  return match;
}
