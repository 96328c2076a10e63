/** What a supervisor decides about a queue. */
export interface QueueSettings {
  readonly name: string
  /** Which of the usable agents a caller gets: the name of a file in strategies/. */
  readonly strategy: string
}
