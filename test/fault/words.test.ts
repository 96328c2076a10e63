import { test } from 'node:test'
import { argumentsArrive, commandsHold, dialStringsHold } from '../unit/hostile-words.ts'

/** Rows 77 and 78 of the fault matrix. */
const INPUTS = 1_000_000

test(`no one of ${INPUTS} hostile application arguments becomes a command`, () => argumentsArrive(INPUTS))
test(`no one of ${INPUTS} hostile dial strings sets another variable or dials another leg`, () =>
  dialStringsHold(INPUTS))
test(`no one of ${INPUTS} hostile api commands has another argument`, () => commandsHold(INPUTS))
