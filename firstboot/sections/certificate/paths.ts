/** Where the unit's certificate is: what images, services and other sections may rely on. Paths of the unit. */
export const CERTIFICATE_PATHS = {
  /** A link to the generation in use. */
  inUse: '/etc/unit/tls',
  /** The unit's certificate, then those that it was signed by, in order. */
  fullchain: '/etc/unit/tls/fullchain.pem',
  /** Readable by root; by the group ssl-cert too on units that have Debian's package of that name. */
  privkey: '/etc/unit/tls/privkey.pem',
  /** The unit's own authority; only there while the certificate in use is signed by it. */
  ca: '/etc/unit/tls/ca.pem',
  /** One folder a generation: a certificate, its key, how they were made. */
  generations: '/var/lib/unit/tls',
  /** Certificate and key of the unit's own authority in one file. Kept while it fits the unit's names: its owner's browsers trust it. */
  authority: '/var/lib/unit/secrets/tls-authority.pem',
  /** There from before a new certificate is in use until the services that use it were told. */
  reloadDue: '/var/lib/unit/tls/reload-due',
  /** Why the authority gave none, the last time it was asked; gone once it does. */
  failure: '/var/lib/unit/tls/failure.json',
  /** What the owner was told by mail of the end of which certificate. */
  notice: '/var/lib/unit/tls/notice.json',
  /** What an image's web server serves as /.well-known/acme-challenge/ below it, on port 80. */
  webroot: '/var/lib/unit/acme/webroot',
  /** Account and working files of the ACME client. */
  client: '/var/lib/unit/acme/client',
} as const;
