/** A process of the application server beside a real FreeSWITCH. */
import { fileURLToPath } from 'node:url'
import { NodeProcess, type NodeOptions } from '../../fault/node-process.ts'
import type { FreeSwitch } from '../switch/freeswitch.ts'
import type { Stores } from './stores.ts'

const SCRIPTS = fileURLToPath(new URL('../../../scripts', import.meta.url))

/** Starts a node that listens at this port of the dialplan; `ready()` waits for its listener. */
export const nodeBeside = (
  { ports, password, doorKey, folder }: FreeSwitch,
  stores: Stores,
  {
    name,
    port,
    settings,
  }: { readonly name: string; readonly port: number; readonly settings: NodeOptions['settings'] },
): NodeProcess =>
  new NodeProcess({
    name,
    folder,
    settings: {
      SCRIPTS,
      LISTEN: `127.0.0.1:${port}`,
      FREESWITCH: `127.0.0.1:${ports.eventSocket}`,
      FREESWITCH_PASSWORD: password,
      DOOR_KEY: doorKey,
      ...stores.settings,
      ...settings,
    },
  })
