// The entry of a thread of `make bench-pacing`: it registers the TypeScript loader, then runs worker.ts.
import { register } from 'tsx/esm/api'

register()
await import('./worker.ts')
