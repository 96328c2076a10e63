import { onTalk } from './talk-named.ts'

export default onTalk({
  name: 'talk.take-over',
  summary: 'the supervisor who listens gets the caller, and the agent goes to wrap-up',
  act: (node, call) => node.act({ what: 'take-over', call }),
})
