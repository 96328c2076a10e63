export { default } from '../../../scripts/queue-entry.ts'
