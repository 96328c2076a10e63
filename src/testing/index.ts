/**
 * The public part of the test kit (`#testing`) for tests and the demo: simulated FreeSWITCH, people and virtual time.
 */

export { VirtualClock } from './virtual-clock.ts'
export { MachineClock } from './machine-clock.ts'
export { memoryPair, type MemoryWire } from './memory-wire.ts'
export { SimulatedSwitch } from './switch/simulated-switch.ts'
export type { SimulatedSwitchOptions, TranscriptLine } from './switch/options.ts'
export type { DiskState } from './switch/disk.ts'
export type { HeldEvents } from './switch/event-faults.ts'
export { Dialplan, entryExtension, homeExtension, type Action, type Extension } from './switch/dialplan.ts'
export { World, Place, type Behaviour } from './switch/world.ts'
export { Person, type Heard } from './switch/person.ts'
export { Channel } from './switch/channel.ts'
export { simulate, TestedSimulation } from './simulate.ts'
export { Simulation, type SimulateOptions } from './simulation.ts'
export type { SimulatedLead } from './simulated-leads.ts'
