/**
 * What a dialer needs of PostgreSQL and Redis, replaced by as little as possible: for virtual time, where neither may
 * be used.
 */

export interface LeadList {
  /** How many leads may be called now. */
  left(): number
  /** When the next claim expires, ms since the epoch; null: nobody is called. */
  expiresAt(): number | null
  /** Returns those of the uuids that get a lead. */
  claim(ids: readonly string[]): readonly string[]
  /** What became of earlier calls to the number of an attempt (store/lead-history.ts); absent: there were none. */
  before?(attempt: string): string | null
}

/** Answers the queries by which a dialer finds and claims its leads; to all others that there is nothing. */
export const listAsSql =
  (list: LeadList) =>
  async (strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<readonly object[]> => {
    const has = (part: string) => strings.join('').includes(part)
    if (has('min(claimed_until)')) {
      const at = list.expiresAt()
      return [{ at: at === null ? null : new Date(at) }]
    }
    if (has('recursive heads')) return list.left() > 0 ? [{ place: 0, key: '', priority: 0, nextAt: new Date(0) }] : []
    if (has('count(*) as n')) return [{ n: list.left() }]
    if (!has('numbered as (')) return []
    const ids = values.find(value => Array.isArray(value) && typeof value[0] === 'string') as string[]
    const of = (attempt: string) => ({ place: 0, before: list.before?.(attempt) ?? null })
    return list.claim(ids).map(attempt => ({ attempt, lead: 1, phone: '+4930123', ...of(attempt) }))
  }

/** Neither lines nor starts nor gateways limit a dialer, and nobody reads its status. */
export const NO_LIMITS = {
  capacity: {
    take: async ({ ids }: { ids: readonly string[] }) => ({ lines: 10_000, starts: 10_000, nextStartMs: 0, ids }),
    giveBack: async () => true,
  },
  gateways: {
    usable: () => ({ gateways: [], left: [], againMs: null }),
    limit: () => undefined,
    explain: () => null,
  },
  statuses: { write: async () => {} },
}
