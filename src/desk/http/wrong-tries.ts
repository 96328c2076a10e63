/** How often somebody tried a wrong key or password from one address: ten in a minute at most. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { DoorError } from './problems.ts'

export const MOST_WRONG = 10
const WITHIN_S = 60

export class WrongTries {
  readonly #limiter = new RateLimiterMemory({ points: MOST_WRONG, duration: WITHIN_S })
  readonly #what: string

  /** `what`: what is tried, in the plural. */
  constructor(what: string) {
    this.#what = what
  }

  async isBlocked(address: string): Promise<boolean> {
    return (await this.#limiter.get(address))?.remainingPoints === 0
  }

  /** Counts one more. Rejects with DoorError TOO_MANY_TRIES when they are too many. */
  async count(address: string): Promise<void> {
    try {
      await this.#limiter.consume(address)
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      throw this.tooMany(error.msBeforeNext)
    }
  }

  tooMany(ms: number = WITHIN_S * 1_000): DoorError {
    const said = `more than ${MOST_WRONG} wrong ${this.#what} in a minute came from this address`
    return new DoorError('TOO_MANY_TRIES', said, { 'retry-after': String(Math.max(1, Math.ceil(ms / 1_000))) })
  }
}
