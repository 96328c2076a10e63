/** The version of Switchhook, as package.json has it. */
import { createRequire } from 'node:module'

export const VERSION = (createRequire(import.meta.url)('../../package.json') as { version: string }).version
