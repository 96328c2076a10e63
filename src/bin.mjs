#!/usr/bin/env node
// `switchhook …`: teaches Node to read TypeScript, then it is src/main.ts that works.
import { register } from 'tsx/esm/api'

register()
await import('./main.ts')
