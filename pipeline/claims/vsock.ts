import { readFile } from 'node:fs/promises';
import { ask, endOf, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';

export const vsock = claim({
  name: 'vsock',
  promise: ({ ssh }) => `SSH as ${ssh?.user ?? ''} works over vsock port 22.`,
  tried: 'inside the machine over the loopback CID, with the provisioned key and with another',
  applies: ({ ssh }) => ssh !== null && ssh.transport !== 'tcp',
  prove: async ({ machine, declaration, keys }) => {
    const user = declaration.ssh?.user ?? '';
    const [own, foreign] = [await readFile(keys.user, 'utf8'), await readFile(keys.foreign, 'utf8')];
    const answers = await ask(
      machine,
      `umask 077; folder=$(mktemp -d); cd "$folder"
printf '%s' ${quoted(own)} >own; printf '%s' ${quoted(foreign)} >foreign
modprobe vsock_loopback 2>/dev/null
try() { ssh -F none -i "$1" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ProxyUseFdpass=yes -o ProxyCommand='/usr/lib/systemd/systemd-ssh-proxy vsock/1 22' ${quoted(`${user}@vsock-1`)} id -un; }
ends own try own; ends foreign try foreign
cd /; rm -rf "$folder"
say socket "$(systemctl show --property=ActiveState,Listen --value caisson-ssh-vsock.socket | tr '\\n' ' ')"`,
    );
    const [right, wrong] = [endOf(answers.one('own')), endOf(answers.one('foreign'))];
    const state = answers.one('socket').trim();
    return [
      fact(
        right.code === 0 && right.text === user,
        `its key: ${right.code === 0 ? `logged in as ${right.text}` : right.text}`,
      ),
      fact(wrong.code !== 0, `another key: ${wrong.code === 0 ? 'LOGGED IN' : wrong.text}`),
      fact(/\bactive\b/.test(state) && /\bvsock::22\b/.test(state), `its socket: ${state}`),
    ];
  },
});
