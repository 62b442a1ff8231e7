/**
 * Events drawn in a terminal by listr2. Its tasks normally run functions; ours are only shown: the board says which
 * lines there are, and before each frame they are copied into listr2's tasks. One task, the last, really runs: it
 * waits for `close`, and so keeps listr2 drawing.
 */
import {
  DefaultRenderer,
  Listr,
  ListrDefaultRendererLogLevels,
  ListrLogger,
  ListrTaskState,
  ProcessOutput,
  Spinner,
  color,
} from 'listr2';
import { Board, type LineState } from './board.ts';
import type { Renderer, Streams } from './rendering.ts';
import { writeAll } from './write.ts';

const STATES: Readonly<Record<LineState, ListrTaskState>> = {
  running: ListrTaskState.STARTED,
  done: ListrTaskState.COMPLETED,
  failed: ListrTaskState.FAILED,
  stopped: ListrTaskState.WAITING,
  // Drawn by listr2 with its warning sign.
  warning: ListrTaskState.SKIPPED,
};

/** listr2 puts a mark and a blank before a line, and leaves the last two columns free. */
const MARGIN = 4;
/** Below this many columns the text is cut by listr2. */
const LEAST = 20;

/** `seconds`: since the command began. Nothing is drawn before the first event. */
export function createTtyRenderer({ stdout, stderr, seconds }: Streams & { seconds: () => number }): Renderer {
  let board = new Board();
  let screen: Screen | null = null;
  let closed = false;
  const openOn = (on: Board): Screen => openScreen({ stdout, stderr }, width => on.lines(width, seconds()));
  return {
    emit(event) {
      if (closed) return;
      board.apply(event, seconds());
      screen ??= openOn(board);
    },
    async settle() {
      const [ended, shown] = [board, screen];
      // What is emitted meanwhile is the next board's.
      [board, screen] = [new Board(), null];
      ended.stop(seconds(), false);
      await shown?.close(false);
    },
    async close(error = false) {
      if (closed) return;
      closed = true;
      board.stop(seconds(), error);
      await screen?.close(error);
      await writeAll(stdout);
    },
  };
}

interface Screen {
  close(error: boolean): Promise<void>;
}

function openScreen({ stdout, stderr }: Streams, look: (width: number) => ReturnType<Board['lines']>): Screen {
  // A terminal that grows is still drawn at its old width: listr2 keeps breaking lines there.
  const { columns } = stdout;
  const end = deferred<boolean>();
  const started = deferred<void>();
  const output = new ProcessOutput(stdout, stderr, { leaveEmptyLine: false });
  const listr = new Listr(
    {
      title: 'preparing',
      task: async () => {
        started.resolve();
        if (await end.promise) throw new Error('failed');
      },
    },
    {
      renderer: TerminalRenderer,
      rendererOptions: {
        logger: new ListrLogger<ListrDefaultRendererLogLevels>({ processOutput: output }),
        spinner: new FrameSpinner(() => show()),
        formatOutput: 'truncate',
        // The text of a line is ours, also when it failed or is a warning.
        showErrorMessage: false,
        collapseSkips: false,
        icon: { [ListrDefaultRendererLogLevels.SKIPPED_WITHOUT_COLLAPSE]: '⚠' },
        color: {
          [ListrDefaultRendererLogLevels.PENDING]: (mark = '') => color.cyan(mark),
          [ListrDefaultRendererLogLevels.WAITING]: (mark = '') => color.yellow(mark),
        },
      },
      exitOnError: false,
      // cli.ts has the signals; listr2 would end the process with 127.
      registerSignalListeners: false,
    },
  );
  const [head] = listr.tasks;
  const drawn = new Map<string, (typeof listr.tasks)[number]>();
  const enabled: Promise<boolean>[] = [];

  function show(): void {
    const { lines, head: headText } = look(Math.max(LEAST, Math.min(columns, stdout.columns)) - MARGIN);
    const inOrder = lines.map(({ key, state, text }) => {
      const task = drawn.get(key) ?? add(key);
      task.title = text;
      task.state = STATES[state];
      return task;
    });
    if (head === undefined) return;
    head.title = headText;
    listr.tasks.splice(0, listr.tasks.length, ...inOrder, head);
  }

  function add(key: string): (typeof listr.tasks)[number] {
    listr.add({ title: key, task: () => undefined });
    const task = listr.tasks.at(-1);
    if (task === undefined) throw new Error('listr2 did not add a task');
    drawn.set(key, task);
    // listr2 shows a task once check() has enabled it; it does so for tasks that are waiting when it is called.
    enabled.push(task.check(undefined));
    return task;
  }

  // When the process ends without close (a bug): the cursor back, and stdout and stderr as they were.
  const restore = (): void => output.release();
  process.once('exit', restore);
  const finished = listr.run();
  return {
    async close(error) {
      // Tasks that are added before listr2 has started would be run by it.
      await started.promise;
      show();
      await Promise.all(enabled);
      show();
      end.resolve(error);
      await finished;
      process.removeListener('exit', restore);
    },
  };
}

/** Whether to draw was decided by the caller; listr2 would ask process.stdout once more. */
class TerminalRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

/** Brings the lines up to date right before listr2 draws them. */
class FrameSpinner extends Spinner {
  readonly #beforeFrame: () => void;
  constructor(beforeFrame: () => void) {
    super();
    this.#beforeFrame = beforeFrame;
  }

  override spin(): void {
    super.spin();
    this.#beforeFrame();
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>(done => {
    resolve = done;
  });
  return { promise, resolve };
}
