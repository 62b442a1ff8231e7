import { claim, fact, outsideOf } from './claim.ts';

export const ping = claim({
  name: 'ping',
  promise: () => 'The machine does not answer to ping over IPv4.',
  tried: 'three echo requests from outside',
  applies: ({ firewall }) => firewall?.input === 'drop' && !firewall.rules.v4.some(rule => /icmp/.test(rule)),
  prove: async subject => {
    const outside = outsideOf(subject);
    const { stdout } = await outside.run(['ping', '-c', '3', '-i', '0.3', '-W', '2', outside.guest4], {
      limitSeconds: 15,
    });
    const received = /(\d+) received/.exec(stdout)?.[1] ?? 'no';
    return [fact(received === '0', `3 sent, ${received} received`)];
  },
});
