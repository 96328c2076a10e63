/** What tests and the demo may import of the simulation: the switch, its people, and time that can be moved. */

export { VirtualClock } from './virtual-clock.ts'
export { memoryPair, type MemoryWire } from './memory-wire.ts'
export { SimulatedSwitch } from './switch/simulated-switch.ts'
export type { SimulatedSwitchOptions, TranscriptLine } from './switch/options.ts'
export type { HeldEvents } from './switch/event-faults.ts'
export { Dialplan, entryExtension, homeExtension, type Action, type Extension } from './switch/dialplan.ts'
export { World, Place, type Behaviour } from './switch/world.ts'
export { Person, type Heard } from './switch/person.ts'
export { Channel } from './switch/channel.ts'
export { simulate, TestedSimulation } from './simulate.ts'
export { Simulation, type SimulateOptions } from './simulation.ts'
export type { SimulatedLead } from './simulated-leads.ts'
