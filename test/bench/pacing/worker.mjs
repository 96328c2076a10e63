// Begins worker.ts in a thread: Node 20 gives a thread no loader of the thread that starts it.
import { register } from 'tsx/esm/api'

register()
await import('./worker.ts')
