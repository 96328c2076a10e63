// The entry of the thread that renews a node's lease: it registers the TypeScript loader, then runs lease-worker.ts.
import { register } from 'tsx/esm/api'

register()
await import('./lease-worker.ts')
