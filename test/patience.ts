/**
 * How long a test waits in real time for something that happens by itself. It only ends a failing test. On a busy
 * machine everything takes longer (a node that starts beside ten busy processes has needed more than a minute), so no
 * test asserts it. `make bench` and the rows of `make fault` report limits in milliseconds.
 */
export const PATIENCE_MS = 120_000
