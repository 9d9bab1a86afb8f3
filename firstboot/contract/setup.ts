/** The setup page's places on a unit: its systemd units, its files, its ports. */

/** Where set-up shows its progress and result while the product takes over 80 and 443. */
export const LATER_PORT = 8443;
/** What the page listens on until the run that finalises the unit. */
export const PAGE_PORTS = [80, 443] as const;

export const SETUP_UNITS = {
  /** The web page, an unprivileged process. */
  page: 'unit-setup.service',
  http: 'unit-setup-http.socket',
  https: 'unit-setup-https.socket',
  later: 'unit-setup-https-later.socket',
  /** The root helper, there only while it is asked something. */
  helper: 'unit-helper.service',
  helperSocket: 'unit-helper.socket',
  /** The run that the page starts: it outlives page and helper. */
  apply: 'unit-apply.service',
  /** Goes on with a run that was cut off, at boot. */
  resume: 'unit-apply-resume.service',
  /** Ends setup: on confirmation, or when its time is over. */
  close: 'unit-setup-close.service',
  /** Timer made by systemd-run(1): what ends setup when nobody confirms. */
  deadline: 'unit-setup-deadline.timer',
  /** Writes what consoles show. */
  consoleText: 'unit-console-text.service',
} as const;

/** There while a finalised unit runs on another machine than it was finalised on, in this boot. */
export const CLONE_MARK = '/run/unit/clone';

export const SETUP_PATHS = {
  /** The one-time code as it was made; root's alone. Gone once it was used. */
  code: '/var/lib/unit/claim-code',
  /** A code that user-data has chosen: taken over and removed. */
  presetCode: '/etc/unit/claim-code',
  /** There once an owner has entered the code. */
  claimed: '/var/lib/unit/claimed',
  /** Failed entries of the code, by address; of this boot. */
  throttle: '/run/unit/claim-throttle.json',
  /** Certificate and key of the page (PEM), made at first boot. The page gets them as systemd credentials. */
  certificate: '/var/lib/unit/setup/certificate.pem',
  key: '/var/lib/unit/setup/key.pem',
  /** Ports 80 and 443 are the product's, in this boot. */
  portsPassed: '/run/unit/ports-passed',
  /** The unit is finalised, and the page still there at port 8443: until the moment that stands in it. */
  open: '/run/unit/setup-open',
  /** What is wrong with answers from outside, of which nothing was kept; of this boot. A JSON list of `Problem`s, without values. */
  refusedAnswers: '/run/unit/refused-answers.json',
  /** Events of the present run, or of the last one of this boot: `ApplyEvent`, one a line. */
  events: '/run/unit/apply-events.jsonl',
} as const;
