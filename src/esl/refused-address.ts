/** Error text when FreeSWITCH's access list refuses this machine's address. */
export const refusedAddress = (name: string): string =>
  `${name} refuses connections from this machine's address: allow it by apply-inbound-acl in its event_socket.conf.xml`
