import { BlockList, isIP, isIPv4 } from 'node:net';

/** Whether a connection may go there: on the internet; for a provider that was set to this machine, on this machine. */
export function mayConnect(host: string, address: string): boolean {
  return isLoopbackName(host) ? isLoopback(address) : isOnTheInternet(address);
}

/** `host` as in an address; in brackets where it is of IPv6. */
export const bareHost = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** `localhost` and what is under it never leave the machine: https://www.rfc-editor.org/rfc/rfc6761.html#section-6.3 */
function isLoopbackName(host: string): boolean {
  return isLoopback(bareHost(host)) || /(?:^|\.)localhost$/i.test(host);
}

const isLoopback = (address: string): boolean => isIn(loopback, address);

/** Of IPv6 only what is given out for the internet; so none of the forms that stand for one of IPv4. */
function isOnTheInternet(address: string): boolean {
  if (isIP(address) === 0 || isIn(special, address)) return false;
  return isIPv4(address) || isIn(global, address);
}

const isIn = (list: BlockList, address: string): boolean =>
  isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');

const loopback = listOf(['127.0.0.0/8', '::1/128']);

/** https://www.iana.org/assignments/ipv6-unicast-address-assignments/ */
const global = listOf(['2000::/3']);

/**
 * https://www.iana.org/assignments/iana-ipv4-special-registry/ and https://www.iana.org/assignments/iana-ipv6-special-registry/,
 * and what is sent to many.
 */
const special = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
]);

function listOf(ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(net, Number(bits), isIPv4(net) ? 'ipv4' : 'ipv6');
  }
  return list;
}
