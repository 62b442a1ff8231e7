import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';

/** Name -> values that will do. Those of EFLOW's base, of hardening-runtime, and what stands in for its start script. */
export const SYSCTLS: Readonly<Record<string, readonly string[]>> = {
  'kernel.randomize_va_space': ['2'],
  'kernel.kptr_restrict': ['1', '2'],
  'kernel.dmesg_restrict': ['1'],
  'kernel.unprivileged_bpf_disabled': ['1', '2'],
  'kernel.yama.ptrace_scope': ['1', '2', '3'],
  'kernel.perf_event_paranoid': ['2', '3', '4'],
  'kernel.kexec_load_disabled': ['1'],
  'kernel.sysrq': ['0'],
  'net.core.bpf_jit_harden': ['1', '2'],
  'fs.protected_symlinks': ['1'],
  'fs.protected_hardlinks': ['1'],
  'fs.protected_fifos': ['1', '2'],
  'fs.protected_regular': ['1', '2'],
  'fs.suid_dumpable': ['0'],
  'net.ipv4.tcp_syncookies': ['1'],
  'net.ipv4.icmp_echo_ignore_broadcasts': ['1'],
  'net.ipv4.conf.all.accept_source_route': ['0'],
  'net.ipv4.conf.default.accept_redirects': ['0'],
  'net.ipv4.conf.all.send_redirects': ['0'],
  'net.ipv4.conf.all.rp_filter': ['1', '2'],
  'net.ipv4.conf.all.log_martians': ['1'],
  'net.ipv6.conf.default.accept_redirects': ['0'],
  'net.ipv6.conf.all.accept_source_route': ['0', '-1'],
};

export const sysctls = claim({
  name: 'sysctls',
  promise: () => `${Object.keys(SYSCTLS).length} kernel settings have hardened values.`,
  tried: 'read in /proc/sys',
  prove: async ({ machine }) => {
    const names = Object.keys(SYSCTLS);
    const answers = await ask(
      machine,
      names.map(name => `tell ${name} cat /proc/sys/${name.replaceAll('.', '/')}`).join('\n'),
    );
    const seen = names.map(name => ({ name, value: answers.one(name), wanted: SYSCTLS[name] ?? [] }));
    const wrong = seen.filter(({ value, wanted }) => !wanted.includes(value));
    return [
      fact(wrong.length === 0, `${seen.length - wrong.length} of ${seen.length} as wanted`),
      ...wrong.map(({ name, value, wanted }) => fact(false, `${name} is ${value}, wanted ${wanted.join(' or ')}`)),
    ];
  },
});
