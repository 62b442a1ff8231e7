export interface Gate {
  /** Resolves when somebody has opened it. */
  opened: Promise<void>;
  open: () => void;
}

/** For one piece of a test to wait until another has got somewhere. */
export function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>(resolve => (open = resolve));
  return { opened, open: () => open() };
}
