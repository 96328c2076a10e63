/**
 * How long a test waits for what comes by itself in real time. It only ends a test that is wrong: on a machine with other work everything
 * takes longer (a node that starts beside ten busy processes has needed more than a minute), so no test asserts it. Limits in milliseconds
 * are told by `make bench` and by the rows of `make fault`.
 */
export const PATIENCE_MS = 120_000
