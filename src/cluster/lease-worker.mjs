// The thread that renews a node's lease: teaches Node to read TypeScript, then lease-worker.ts works.
import { register } from 'tsx/esm/api'

register()
await import('./lease-worker.ts')
