export { default } from '../../../scripts/welcome.ts'
