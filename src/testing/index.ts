/** What tests and the demo may import of the simulation: the switch, its people, and time that can be moved. */

export { VirtualClock } from './virtual-clock.ts'
export { memoryPair, type MemoryWire } from './memory-wire.ts'
export { SimulatedSwitch, type SimulatedSwitchOptions, type TranscriptLine } from './switch/simulated-switch.ts'
export { Dialplan, entryExtension, type Action, type Extension } from './switch/dialplan.ts'
export { World, Place, type Behaviour } from './switch/world.ts'
export { Person, type Heard } from './switch/person.ts'
export { Channel } from './switch/channel.ts'
export { simulate, Simulation, type SimulateOptions } from './simulate.ts'
