/** What `ssh:` of the definition says, as files of the root file system. Pure. */
import type { DeclaredSsh } from '../../formats/declaration.ts';

/** Written by caisson-identity.service; on Data, whatever /etc is. */
const IDENTITY = '/var/lib/caisson/identity';

/** Path -> content and mode. */
export function sshFiles(ssh: DeclaredSsh): Record<string, { text: string; mode: number }> {
  return {
    '/etc/ssh/sshd_config': { text: sshdConfig(ssh), mode: 0o644 },
    '/etc/sudoers.d/caisson': { text: sudoers(ssh), mode: 0o440 },
  };
}

/** ssh.service listens on TCP by itself; on vsock systemd listens for it, because sshd cannot. */
export function sshUnits({ transport }: DeclaredSsh): { enable: string[]; mask: string[] } {
  const tcp = ['ssh.service'];
  const vsock = ['caisson-ssh-vsock.socket'];
  if (transport === 'tcp') return { enable: tcp, mask: vsock };
  return transport === 'vsock' ? { enable: vsock, mask: tcp } : { enable: [...tcp, ...vsock], mask: [] };
}

/**
 * sshd_config(5). The algorithms are those that OpenSSH 10 prefers, without NIST key exchange, CBC and SHA-1; of keys, all
 * that `provision` takes (formats/ssh-key.ts).
 */
function sshdConfig({ user }: DeclaredSsh): string {
  return `# Made from \`ssh:\` of the image definition.

# Made at the first boot, kept on Data.
HostKey ${IDENTITY}/ssh_host_ed25519_key
HostKey ${IDENTITY}/ssh_host_ecdsa_key

# One user, by key or by certificate.
AllowUsers ${user}
AuthenticationMethods publickey
AuthorizedKeysFile ${IDENTITY}/authorized_keys .ssh/authorized_keys
TrustedUserCAKeys ${IDENTITY}/trusted_user_ca_keys
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
HostbasedAuthentication no
GSSAPIAuthentication no
PermitUserEnvironment no
UsePAM yes

KexAlgorithms mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org
Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
HostKeyAlgorithms ssh-ed25519,ecdsa-sha2-nistp256
PubkeyAcceptedAlgorithms ssh-ed25519,ssh-ed25519-cert-v01@openssh.com,sk-ssh-ed25519@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp256-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384,ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521,ecdsa-sha2-nistp521-cert-v01@openssh.com,rsa-sha2-512,rsa-sha2-512-cert-v01@openssh.com
CASignatureAlgorithms ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,sk-ecdsa-sha2-nistp256@openssh.com,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512
RequiredRSASize 3072

LoginGraceTime 30
MaxAuthTries 6
MaxStartups 10:30:30
ClientAliveInterval 120
ClientAliveCountMax 3
X11Forwarding no
AllowAgentForwarding no
AllowTcpForwarding local
GatewayPorts no
PermitTunnel no
DebianBanner no
# PAM shows it.
PrintMotd no
Subsystem sftp internal-sftp
`;
}

/** sudoers(5). Without it the user has no rights beyond those of the account. */
function sudoers({ user, sudo }: DeclaredSsh): string {
  return sudo === 'nopasswd'
    ? `# Made from \`ssh:\` of the image definition. Nobody has a password to ask for.\n${user} ALL=(ALL:ALL) NOPASSWD: ALL\n`
    : `# \`ssh.sudo\` of the image definition is "none": ${user} may not become root.\n`;
}
