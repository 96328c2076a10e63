/** A statement that gets its connection when it is sent. Used by store/sql.ts alone. */

/** A driver, as far as a statement calls it. */
type Sender = (text: TemplateStringsArray, ...values: never[]) => unknown

/** A part of a query that is built once the connection is known. */
export class Part<Driver> {
  readonly on: (driver: Driver) => unknown

  constructor(on: (driver: Driver) => unknown) {
    this.on = on
  }
}

/** Sent once, when it is awaited. As a value of another statement it becomes a part of that one. */
export class Statement<Driver extends Sender> extends Part<Driver> implements Promise<unknown> {
  readonly [Symbol.toStringTag] = 'Statement'
  readonly #run: () => Promise<unknown>
  #answer: Promise<unknown> | null = null

  constructor(
    text: TemplateStringsArray,
    values: readonly unknown[],
    run: (act: (driver: Driver) => Promise<unknown>) => Promise<unknown>,
  ) {
    const on = (driver: Driver) =>
      driver(text, ...(values.map(value => (value instanceof Part ? value.on(driver) : value)) as never[]))
    super(on)
    this.#run = () => run(async driver => on(driver))
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a statement is sent when it is awaited
  then<A = unknown, B = never>(
    fulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return (this.#answer ??= this.#run()).then(fulfilled, rejected)
  }

  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return (this.#answer ??= this.#run()).catch(rejected)
  }

  finally(act?: (() => void) | null): Promise<unknown> {
    return (this.#answer ??= this.#run()).finally(act)
  }
}
