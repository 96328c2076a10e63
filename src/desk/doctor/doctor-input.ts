/** What the doctor is given: the settings, a way to the stores, and time. */
import type { Clock } from '../../base/clock.ts'
import type { RedisAddress } from '../../store/redis.ts'
import type { DatabaseAddress } from '../../store/sql.ts'

interface Place {
  readonly host: string
  readonly port: number
}

/** The settings that are looked at; the house's own have more. */
export interface DoctorSettings {
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  readonly demo: boolean
  readonly switches: readonly Place[]
  readonly switchPassword: string | null
  readonly listen: Place
  readonly listenAllow: readonly string[]
  readonly doorKey: string | null
  readonly scripts: string
  readonly gateway: string
}

export interface OpenedServices {
  readonly database: DatabaseAddress
  readonly redis: RedisAddress
  close(): Promise<void>
}

export interface DoctorInput<S extends DoctorSettings = DoctorSettings> {
  /** Throws SettingError with every fault. */
  settings(): S
  /** Those of the settings, else the private ones. Rejects with SwitchhookError SERVICE. */
  openServices(settings: S): Promise<OpenedServices>
  readonly clock: Clock
}
