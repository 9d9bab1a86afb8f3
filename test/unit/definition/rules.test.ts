import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { RULES } from '../../../builder/definition/rules/index.ts';
import { type Change, findingsOf } from './folder-of.ts';

const SETTINGS = JSON.parse(readFileSync(new URL('../../fixtures/definitions/whole/settings.schema.json', import.meta.url), 'utf8')) as {
  properties: object;
};
const AUDIT_RULES = ['private-key', 'host-keys'];

/** Each breaks one thing in a good definition: the rule that finds it, and the finding that comes of it. */
const BROKEN: [rule: string, what: string, Change, findings: string[]][] = [
  [
    'files-exist',
    'no EULA',
    { files: { 'EULA.txt': null } },
    ['files-exist image.yaml:17:7 /eula: there is no licence text EULA.txt [Paths are relative to the folder of image.yaml.]'],
  ],
  [
    'files-exist',
    'no logo',
    { replace: [['logo: look/logo.svg', 'logo: look/lgo.svg']] },
    ['files-exist image.yaml:11:9 /look/logo: there is no logo look/lgo.svg [Paths are relative to the folder of image.yaml.]'],
  ],
  [
    'files-exist',
    'no requirements',
    { files: { 'requirements.txt': null } },
    [
      'files-exist image.yaml:24:19 /artifacts/wheels/requirements: there is no requirements file requirements.txt [Paths are relative to the folder of image.yaml.]',
    ],
  ],
  [
    'files-exist',
    'a file artifact outside',
    { replace: [['path: app,', 'path: ../app,']] },
    [
      'files-exist image.yaml:27:28 /artifacts/app/path: ../app is not in the image folder [Name a file below the folder of image.yaml, without "..".]',
    ],
  ],
  [
    'files-exist',
    'a folder as requirements',
    { replace: [['requirements: requirements.txt', 'requirements: app']] },
    ['files-exist image.yaml:24:19 /artifacts/wheels/requirements: app is a folder, not a requirements file []'],
  ],
  [
    'files-exist',
    'no package',
    { files: { 'extra.deb': null } },
    [
      'files-exist image.yaml:31:15 /artifacts/extra/packages/0/path: there is no Debian package extra.deb [Paths are relative to the folder of image.yaml.]',
    ],
  ],
  ['containers', 'a container of nothing', { replace: [['artifacts:\n', 'artifacts:\n  shop:\n    kind: container\n']] }, ['containers']],
  [
    'files-exist',
    'no file of a container',
    {
      replace: [
        [
          'artifacts:\n',
          'artifacts:\n  shop:\n    kind: container\n    build: { packages: [], artifacts: { start: { kind: file, path: none, into: / } } }\n',
        ],
      ],
    },
    ['files-exist'],
  ],
  [
    'containers',
    'a step that loads what is no container',
    {
      replace: [['steps:\n', 'steps:\n  - id: load\n    title: { en: Load }\n    use: container-image\n    with: { container: wheels }\n']],
    },
    ['containers'],
  ],
  [
    'artifact-files',
    'a name for an archive that is unpacked',
    { replace: [['unpack: true', 'unpack: true\n    as: data']] },
    ['artifact-files image.yaml:39:9 /artifacts/data/as: an archive that is unpacked has no name'],
  ],
  [
    'artifact-files',
    'a file that is stripped',
    { replace: [['unpack: true', 'strip: 1']] },
    ['artifact-files image.yaml:38:12 /artifacts/data/strip: only archives are stripped [Add unpack: true.]'],
  ],
  [
    'artifact-files',
    'files of one name, and of no version',
    { replace: [['app: { kind: file, path: app,', 'app: { kind: maven, coordinates: ["g:a:1", "h:a:1", "g:b:LATEST"], as: x,']] },
    [
      'artifact-files image.yaml:27:74 /artifacts/app/as: several files cannot have one name',
      'artifact-files image.yaml:27:46 /artifacts/app/coordinates/1: h:a:1 and g:a:1 are both a-1.jar',
      'artifact-files image.yaml:27:55 /artifacts/app/coordinates/2: LATEST is not one version',
    ],
  ],
  [
    'artifact-files',
    'neither package nor project',
    { replace: [['app: { kind: file, path: app,', 'app: { kind: npm,']] },
    ['artifact-files image.yaml:27:3 /artifacts/app: neither a package nor a project is named'],
  ],
  [
    'artifact-files',
    'a package that is to be built',
    { replace: [['app: { kind: file, path: app,', 'app: { kind: npm, package: a@1.0.0, build: [make],']] },
    ['artifact-files image.yaml:27:39 /artifacts/app/build: build is for projects, and package names none'],
  ],
  [
    'files-exist',
    'a project without a lock',
    { replace: [['app: { kind: file,', 'app: { kind: npm,']] },
    ['files-exist image.yaml:27:27 /artifacts/app/path: there is no npm lock app/package-lock.json'],
  ],
  [
    'dns-records',
    'values of other types',
    {
      replace: [
        [
          'value: "@" }',
          'value: a b }\n  - { name: "@", type: TXT }\n  - { name: v6, type: AAAA, value: 192.0.2.1 }\n  - { name: "@", type: MX, value: mail }',
        ],
      ],
    },
    [
      'dns-records image.yaml:124:5 /dns/1: the DNS record www CNAME has a value that its type cannot have [Give a name, such as `@` or `www.example.org.`.]',
      'dns-records image.yaml:125:5 /dns/2: the DNS record @ TXT has no value [Add value: what it must say.]',
      "dns-records image.yaml:126:5 /dns/3: the DNS record v6 AAAA has a value that its type cannot have [Give an IPv6 address, or leave the value out for the unit's own.]",
      'dns-records image.yaml:127:5 /dns/4: the DNS record @ MX has a value that its type cannot have [Give preference and name, such as `10 @`.]',
    ],
  ],
  [
    'dns-records',
    'records that exclude each other',
    { replace: [['value: "@" }', 'value: "@" }\n  - { name: www, type: A }\n  - { name: "@", type: A }\n  - { name: "@", type: CNAME }']] },
    [
      'dns-records image.yaml:125:5 /dns/2: the name www is a CNAME, which can have no other DNS records [Keep one of them.]',
      'dns-records image.yaml:126:5 /dns/3: the DNS record @ A is there twice [Keep one of them.]',
      'dns-records image.yaml:127:5 /dns/4: a domain itself can be no CNAME [Ask for A and AAAA instead.]',
    ],
  ],
  [
    'dns-records',
    'a record with a value and a setting for it',
    { replace: [['value: "@" }', 'value: "@", from: domain.name }']] },
    ['dns-records'],
  ],
  [
    'setting-known',
    'a port and a record that are for settings that there are not',
    {
      replace: [
        ['{ port: 80, purpose: Redirect }', '{ port: 80, purpose: Redirect, from: domain.nam }'],
        ['value: "@" }', 'from: domain.nome }'],
      ],
    },
    [
      'setting-known image.yaml:124:37 /dns/1/from: the DNS record www CNAME reads the setting domain.nome, which there is not [Did you mean "domain.name"?]',
      'setting-known image.yaml:56:42 /ports/0/from: port 80 reads the setting domain.nam, which there is not [Did you mean "domain.name"?]',
    ],
  ],
  [
    'plugin-kinds',
    'folders that are not kept or shared, and a service that there is not',
    {
      replace: [
        [
          'steps:',
          'plugins:\n  one: { title: { en: One }, into: /opt/plugins, suffix: .jar, restart: [apache] }\n  two: { title: { en: Two }, into: /opt/plugins/, suffix: .zip }\nsteps:',
        ],
      ],
    },
    [
      'plugin-kinds image.yaml:68:36 /plugins/one/into: plugins.one goes to /opt/plugins, which is not kept [Name this folder, or one above it, in state, as data or configuration.]',
      'plugin-kinds image.yaml:68:74 /plugins/one/restart/0: plugins.one restarts "apache", which is no service of this image [Services: postgresql, memcached, app, nginx.]',
      'plugin-kinds image.yaml:69:36 /plugins/two/into: plugins.two goes to /opt/plugins/, which is not kept [Name this folder, or one above it, in state, as data or configuration.]',
      'plugin-kinds image.yaml:69:36 /plugins/two/into: plugins.two and plugins.one share a folder [Take two.]',
    ],
  ],
  [
    'kernel-drivers',
    'an OVA of the cloud kernel',
    { replace: [['kernel: generic', 'kernel: cloud']] },
    [
      'warning kernel-drivers image.yaml:19:9 /kernel: the cloud kernel has no driver for e1000 and LSI Logic: an OVA boots only on pvscsi or AHCI with vmxnet3 [Take kernel: generic where importers may choose their hardware.]',
    ],
  ],
  [
    'roles',
    'roles that there are not',
    {
      replace: [
        ['after: [app]', 'after: [app]\n    roles: [web]'],
        ['{ port: 80, purpose: Redirect }', '{ port: 80, purpose: Redirect, roles: [core, cores] }'],
        ['kernel: generic', 'roles:\n  core: { title: { en: Core }, follows: lead }\nkernel: generic'],
      ],
    },
    [
      'roles image.yaml:56:13 /services/nginx/roles/0: services.nginx is for the role "web", which this image has not [Roles: core.]',
      'roles image.yaml:59:50 /ports/0/roles/1: ports[0] is for the role "cores", which this image has not [Did you mean "core"?]',
      'roles image.yaml:20:41 /roles/core/follows: role "core" follows "lead", which this image has not [Roles: core.]',
      'roles image.yaml:99:19 /steps/5/with/name: step "start" is in the role "core", and its service "nginx" is not [Give both the same roles.]',
      'sample-answers sample/answers.yaml:1:1 /cluster: "role" is missing in cluster [Add role.]',
    ],
  ],
  [
    'roles',
    'a service that a step has and its role has not',
    {
      replace: [
        ['after: [app]', 'after: [app]\n    roles: [core]'],
        ['kernel: generic', 'roles:\n  core: { title: { en: Core }, follows: lead }\n  lead: { title: { en: Lead } }\nkernel: generic'],
      ],
    },
    [
      'roles image.yaml:100:19 /steps/5/with/name: step "start" is in the role "lead", and its service "nginx" is not [Give both the same roles.]',
      'sample-answers sample/answers.yaml:1:1 /cluster: "role" is missing in cluster [Add role.]',
    ],
  ],
  [
    'roles',
    'a leader that follows',
    {
      replace: [
        ['kernel: generic', 'roles:\n  a: { title: { en: A }, follows: b }\n  b: { title: { en: B }, follows: a }\nkernel: generic'],
      ],
    },
    [
      'roles image.yaml:20:35 /roles/a/follows: role "a" follows "b", which follows another [A leader leads; name that one.]',
      'roles image.yaml:21:35 /roles/b/follows: role "b" follows "a", which follows another [A leader leads; name that one.]',
      'sample-answers sample/answers.yaml:1:1 /cluster: "role" is missing in cluster [Add role.]',
    ],
  ],
  [
    'sample-answers',
    'answers of a role that are of another',
    {
      replace: [['kernel: generic', 'roles:\n  a: { title: { en: A } }\n  b: { title: { en: B }, follows: a }\nkernel: generic']],
      files: {
        'sample/answers.yaml': 'schemaVersion: 1\ncluster: { role: a }\nproduct: { admin: { email: a@example.org } }\n',
        'sample/answers.b.yaml': 'schemaVersion: 1\ncluster: { role: a }\nproduct: { admin: { email: a@example.org } }\n',
      },
    },
    [
      'sample-answers sample/answers.b.yaml:2:18 /cluster/role: these are no answers for the role "b" [The file is called after its cluster.role.]',
    ],
  ],
  [
    'service-known',
    'after an unknown service',
    { replace: [['after: [postgresql, memcached]', 'after: [postgres, memcached]']] },
    [
      'service-known image.yaml:49:13 /services/app/after/0: services.app starts after "postgres", which is no service of this image [Did you mean "postgresql"?]',
    ],
  ],
  [
    'service-known',
    'a step for an unknown service',
    { replace: [['with: { name: nginx }', 'with: { name: apache }']] },
    [
      'service-known image.yaml:96:19 /steps/5/with/name: step "start" is for "apache", which is no service of this image [Services: postgresql, memcached, app, nginx.]',
    ],
  ],
  [
    'service-known',
    'a probe of an unknown service',
    { replace: [['unit: helper.service', 'unit: helpers.service']] },
    [
      'service-known image.yaml:102:22 /probes/smoke/1/probe/unit: the probe asks for helpers.service, which is no service of this image [Services: postgresql@17-main.service, memcached.service, app.service, nginx.service.]',
    ],
  ],
  [
    'service-order',
    'a cycle',
    { replace: [["ready: { tcp: '127.0.0.1:11211' }", "after: [nginx]\n    ready: { tcp: '127.0.0.1:11211' }"]] },
    [
      'service-order image.yaml:50:5 /services/app/after: these services wait for each other: app waits for memcached waits for nginx waits for app [Take one of them out of after, or put it into another layer.]',
    ],
  ],
  [
    'service-order',
    'a service after itself',
    { replace: [['after: [app]', 'after: [app, nginx]']] },
    [
      'service-order image.yaml:53:5 /services/nginx/after: these services wait for each other: nginx waits for nginx [Take one of them out of after, or put it into another layer.]',
    ],
  ],
  [
    'service-order',
    'a lower layer after a higher one',
    {
      replace: [
        ['after: [postgresql, memcached]', 'layer: 2\n    after: [postgresql]'],
        ['layer: 1\n    ready: { tcp', 'layer: 1\n    after: [app]\n    ready: { tcp'],
      ],
    },
    [
      'service-order image.yaml:51:5 /services/app/after: these services wait for each other: app waits for memcached waits for app [Take one of them out of after, or put it into another layer.]',
    ],
  ],
  [
    'service-unit-once',
    'one unit of two services',
    { replace: [['unit: postgresql@17-main.service', 'unit: nginx.service']] },
    [
      'service-unit-once image.yaml:52:3 /services/nginx: services postgresql and nginx are both the unit nginx.service [One unit is one service.]',
    ],
  ],
  [
    'port-once',
    'a port twice',
    { replace: [['port: 80, purpose', 'port: 443, purpose']] },
    ['port-once image.yaml:57:13 /ports/1/port: port 443/tcp is used twice: for "Redirect" and for "Web" [Keep one of them.]'],
  ],
  [
    'port-reserved',
    "the setup page's port",
    { replace: [['port: 80, purpose', 'port: 8443, purpose']] },
    [
      'port-reserved image.yaml:56:13 /ports/0/port: port 8443 belongs to the setup page until the unit is finalised [Choose another port.]',
    ],
  ],
  [
    'state-apart',
    'state within state',
    { replace: [['path: /data/uploads', 'path: /var/lib/postgresql/uploads']] },
    [
      'state-apart image.yaml:66:32 /state/uploads/path: state "uploads" is within state "database" [State must not overlap: name the parts side by side.]',
    ],
  ],
  [
    'state-apart',
    'the same state twice',
    { replace: [['path: /data/uploads', 'path: /var/lib/postgresql/']] },
    [
      'state-apart image.yaml:66:32 /state/uploads/path: state "uploads" is within state "database" [State must not overlap: name the parts side by side.]',
    ],
  ],
  [
    'step-id-once',
    'two steps of one id',
    { replace: [['id: role', 'id: start']] },
    ['step-id-once image.yaml:93:9 /steps/5/id: step id "start" is used twice [Call this one "start-2", or better by what it does.]'],
  ],
  [
    'step-secret',
    'an unknown secret',
    { replace: [['password: db }', 'password: bd }']] },
    ['step-secret image.yaml:75:34 /steps/1/with/password: secret "bd" is made by no step [Did you mean "db"?]'],
  ],
  [
    'step-secret',
    'an unknown secret in a template',
    { files: { 'templates/app.ini.hbs': '\n  x {{secrets.pin}}{{settings.product}}' } },
    [
      'step-secret templates/app.ini.hbs:2:7 -: secret "pin" is made by no step [Add a step { use: secret, with: { name: ... } } before it.]',
    ],
  ],
  [
    'step-secret',
    'a secret used too early',
    {
      replace: [
        ['use: postgresql-role\n    with: { name: app, password: db }', 'use: secret\n    with: { name: late }'],
        ["run: [/opt/app/manage, create-admin, '{{settings.product.admin.email}}']", "run: [x, '{{settings.product.admin.email}}']"],
        [
          'use: secret\n    with: { name: db,',
          "use: command\n    with: { run: [x], stdin: '{{secrets.late}}' }\n  - id: again\n    title: { en: x }\n    use: secret\n    with: { name: db,",
        ],
      ],
    },
    ['step-secret image.yaml:71:33 /steps/0/with/stdin: secret "late" is used before the step that makes it [Move the secret step up.]'],
  ],
  [
    'step-secret',
    'a secret made twice',
    { replace: [['use: postgresql-role\n    with: { name: app, password: db }', 'use: secret\n    with: { name: db }']] },
    ['step-secret image.yaml:75:19 /steps/1/with/name: secret "db" is made twice [Keep one of the steps.]'],
  ],
  [
    'secret-used',
    'a secret that nothing uses',
    { replace: [['use: postgresql-role\n    with: { name: app, password: db }', 'use: secret\n    with: { name: spare }']] },
    [
      'warning secret-used image.yaml:75:19 /steps/1/with/name: secret "spare" is used by no step or template [Remove the step, or use the secret.]',
    ],
  ],
  [
    'secret-exposed',
    'a secret as an argument',
    { replace: [["'{{settings.product.admin.email}}'", "'{{settings.product.admin.email}}', '--password={{secrets.db}}'"]] },
    [
      'secret-exposed image.yaml:84:94 /steps/3/with/run/3: step "admin" puts the secret secrets.db into run, where others could read it [Give it to a program by stdin, or write it into a file by a template.]',
    ],
  ],
  [
    'secret-exposed',
    'a secret setting as a path',
    { replace: [['user: www\n  - id', "creates: '/x/{{settings.mail.password}}'\n  - id"]] },
    [
      'secret-exposed image.yaml:88:22 /steps/3/with/creates: step "admin" puts the secret settings.mail.password into creates, where others could read it [',
    ],
  ],
  [
    'template-syntax',
    'a partial',
    { files: { 'templates/app.ini.hbs': '{{settings.product.hosts}}\n {{> more}}' } },
    [
      'template-syntax templates/app.ini.hbs:2:2 -: templates/app.ini.hbs is no handlebars template: there are no partials ({{> name}}) here',
      'setting-used',
    ],
  ],
  [
    'step-executable',
    'an executable that is not there',
    { replace: [['file: 10-site', 'file: 10-siet']] },
    [
      'step-executable image.yaml:92:19 /steps/4/with/file: there is no executable apply.d/10-siet [Did you mean "10-site"?]',
      'step-executable apply.d/10-site -: apply.d/10-site is called by no step [Add a step { use: executable }, or remove the file.]',
    ],
  ],
  [
    'step-executable',
    'an executable without the bit',
    { files: { 'apply.d/20-more': '#!/bin/sh' }, replace: [['file: 10-site', 'file: 20-more']] },
    [
      'step-executable apply.d/10-site -: apply.d/10-site is called by no step [Add a step { use: executable }, or remove the file.]',
      'step-executable apply.d/20-more -: apply.d/20-more is not executable [chmod +x apply.d/20-more]',
    ],
  ],
  [
    'step-template',
    'a template that is not there',
    { replace: [['from: app.ini.hbs', 'from: app.hbs']] },
    [
      'step-template image.yaml:79:19 /steps/2/with/from: there is no template templates/app.hbs [Write templates/app.hbs.]',
      'step-template templates/app.ini.hbs -: templates/app.ini.hbs is rendered by no step [Add a step { use: template }, or remove the file.]',
      'setting-used settings.schema.json:31:5 /properties/hosts: setting hosts is read by no template or step',
    ],
  ],
  [
    'step-template',
    'a template that no step renders',
    { files: { 'templates/more.hbs': 'x' } },
    ['step-template templates/more.hbs -: templates/more.hbs is rendered by no step [Add a step { use: template }, or remove the file.]'],
  ],
  [
    'template-syntax',
    'a tag that is not closed',
    { files: { 'templates/app.ini.hbs': 'a\n{{#each settings.product.hosts}}\n{{name}\n' } },
    ['template-syntax templates/app.ini.hbs:3:1 -: templates/app.ini.hbs is no handlebars template: Expecting', 'setting-used'],
  ],
  [
    'template-syntax',
    'a block that ends as another',
    { files: { 'templates/app.ini.hbs': '{{#if settings.product.hosts}}\n{{/each}}' } },
    ["template-syntax templates/app.ini.hbs:1:4 -: templates/app.ini.hbs is no handlebars template: if doesn't match each", 'setting-used'],
  ],
  [
    'template-syntax',
    'a parameter that is no template',
    { replace: [["'{{settings.product.admin.email}}'", "'--to={{settings.product.admin.email}'"]] },
    [
      'template-syntax image.yaml:84:45 /steps/3/with/run/2: step "admin" is no handlebars template',
      'setting-used settings.schema.json:13:9',
    ],
  ],
  [
    'template-syntax',
    'something that is not given',
    { files: { 'templates/app.ini.hbs': '{{setting.product.hosts}}{{settings.product.hosts}}' } },
    [
      'template-syntax templates/app.ini.hbs:1:3 -: templates/app.ini.hbs reads setting.product.hosts, which is nothing that templates are given [Did you mean "settings"?]',
    ],
  ],
  [
    'template-syntax',
    'settings inside each',
    { files: { 'templates/app.ini.hbs': '{{#each settings.product.hosts}}{{settings.time.zone}}{{/each}}' } },
    [
      'template-syntax templates/app.ini.hbs:1:35 -: templates/app.ini.hbs reads settings.time.zone inside #each or #with, where it means a member of the item [Write @root.settings.time.zone.]',
    ],
  ],
  [
    'variables-own',
    'variables of values and of own, and those of settings that a unit which follows has not',
    {
      replace: [
        [
          'steps:\n',
          `steps:
  - id: files
    title: { en: Files }
    roles: [core, single]
    use: variables
    with:
      from: /usr/share/shop
      to: /var/shop
      values: { DOMAIN: '{{settings.domain.name}}', CORE_ID: x }
      own: { CORE_ID: '{{settings.product.coreId}}', OTHER_ID: '{{settings.product.otherId}}' }
`,
        ],
        [
          'kernel: generic',
          'roles:\n  lead: { title: { en: L } }\n  core: { title: { en: C }, follows: lead }\n  single: { title: { en: S } }\nkernel: generic',
        ],
      ],
      files: {
        'settings.schema.json': JSON.stringify({
          ...SETTINGS,
          properties: {
            ...SETTINGS.properties,
            coreId: { type: 'string', 'x-roles': ['core'], 'x-titles': { en: 'Core' } },
            otherId: { type: 'string', 'x-roles': ['lead', 'single'], 'x-titles': { en: 'Other' } },
          },
        }),
        'sample/answers.yaml': 'schemaVersion: 1\ncluster: { role: lead }\nproduct: { admin: { email: a@example.org } }\n',
      },
    },
    [
      'variables-own image.yaml:80:23 /steps/0/with/own/CORE_ID: step "files" has CORE_ID in values and in own [Leave it in own where units of a role differ in it, else in values.]',
      'variables-own image.yaml:80:67 /steps/0/with/own/OTHER_ID: step "files" reads the setting product.otherId, which units of the role "core" have not [Put "core" into its x-roles.]',
    ],
  ],
  [
    'role-unique',
    'units that are told apart by what they have not, by a secret, by a long text, or by nobody',
    {
      replace: [
        [
          'kernel: generic',
          `roles:
  lead: { title: { en: L }, unique: [product.otherId] }
  core: { title: { en: C }, follows: lead, unique: [product.otherId, product.key, product.text, product.list, product.coreId, product.none] }
kernel: generic`,
        ],
      ],
      files: {
        'settings.schema.json': JSON.stringify({
          ...SETTINGS,
          properties: {
            ...SETTINGS.properties,
            coreId: { type: 'string', maxLength: 9, 'x-roles': ['core'], 'x-titles': { en: 'Core' } },
            text: { type: 'string', 'x-roles': ['core'], 'x-titles': { en: 'Text' } },
            list: { type: 'array', items: { type: 'string' }, 'x-roles': ['core'], 'x-titles': { en: 'List' } },
            key: { type: 'string', maxLength: 9, writeOnly: true, 'x-roles': ['core'], 'x-titles': { en: 'Key' } },
            otherId: { type: 'integer', 'x-roles': ['lead'], 'x-titles': { en: 'Other' } },
          },
        }),
        'sample/answers.yaml': 'schemaVersion: 1\ncluster: { role: lead }\nproduct: { admin: { email: a@example.org } }\n',
      },
    },
    [
      'role-unique image.yaml:20:29 /roles/lead/unique: role "lead" has "unique", and follows nobody [Only a leader looks.]',
      'role-unique image.yaml:21:53 /roles/core/unique/0: units of the role "core" have no setting product.otherId [Put "core" into its x-roles.]',
      'role-unique image.yaml:21:70 /roles/core/unique/1: product.key is a secret, and the leader would be told it [Name a setting that is none.]',
      'role-unique image.yaml:21:83 /roles/core/unique/2: product.text is no short scalar [Text with a "maxLength" of 100 at most, or a number.]',
      'role-unique image.yaml:21:97 /roles/core/unique/3: product.list is no short scalar [Text with a "maxLength" of 100 at most, or a number.]',
      'setting-known image.yaml:21:127 /roles/core/unique/5: role "core" reads the setting product.none, which there is not',
    ],
  ],
  [
    'setting-known',
    'a setting that there is not',
    { replace: [['{{settings.domain.name}}', '{{settings.domain.nam}}']] },
    [
      'setting-known image.yaml:85:14 /steps/3/with/stdin: step "admin" reads the setting domain.nam, which there is not [Did you mean "domain.name"?]',
    ],
  ],
  [
    'setting-known',
    'a setting without product',
    { replace: [["'{{settings.product.admin.email}}'", "'mail={{settings.admin.email}}'"]] },
    [
      'setting-known image.yaml:84:52 /steps/3/with/run/2: step "admin" reads the setting admin.email, which there is not [Did you mean "product.admin.email"?]',
      'setting-used settings.schema.json:13:9',
    ],
  ],
  [
    'setting-known',
    "an executable's unknown setting",
    { replace: [['reads: [product.theme]', 'reads: [product.teme]']] },
    [
      'setting-known image.yaml:92:36 /steps/4/with/reads/0: step "site" reads the setting product.teme, which there is not [Did you mean "product.theme"?]',
    ],
  ],
  [
    'setting-known',
    "a secret's unknown setting",
    { replace: [['from: product.database.password', 'from: settings.product.database.password']] },
    [
      'setting-known image.yaml:71:56 /steps/0/with/from: step "db-password" reads the setting settings.product.database.password, which there is not [Did you mean "product.database.password"?]',
      'setting-used settings.schema.json:',
    ],
  ],
  [
    'setting-used',
    'a setting that nothing reads',
    { replace: [['from: product.database.password', 'from: mail.password']] },
    [
      "setting-used settings.schema.json:21:9 /properties/database/properties/password: setting database.password is read by no template or step [Read it as {{settings.product.database.password}}, name it in an executable's reads, or remove it.]",
    ],
  ],
  [
    'probe-address',
    'a URL that is none',
    { replace: [["http: 'http://127.0.0.1:8000/health'", "http: 'http://127.0.0.1:99999/health'"]] },
    ['probe-address image.yaml:50:20 /services/app/ready/http: http://127.0.0.1:99999/health is not a URL []'],
  ],
  [
    'probe-address',
    'a port that cannot be',
    { replace: [['127.0.0.1:11211', '127.0.0.1:70000']] },
    ['probe-address image.yaml:47:19 /services/memcached/ready/tcp: 127.0.0.1:70000 has a port that cannot be [Ports are 1 to 65535.]'],
  ],
  [
    'probe-port',
    'an acceptance probe of a closed port',
    { replace: [["http: 'https://127.0.0.1/'", "http: 'https://127.0.0.1:8080/'"]] },
    [
      'probe-port image.yaml:105:22 /probes/acceptance/0/probe/http: "Home page" asks port 8080, which ports does not open [Add it to ports, or make it a smoke probe.]',
    ],
  ],
  [
    'hardware-enough',
    'a small disk',
    { replace: [['disk: 10 GiB', 'disk: 3 GiB']] },
    ['hardware-enough image.yaml:112:9 /hardware/disk: a disk of 3 GiB is too small [Give at least 4 GiB.]'],
  ],
  [
    'hardware-enough',
    'a disk smaller than the budget',
    { replace: [['installed: 2 GiB', 'installed: 12 GiB']] },
    ['hardware-enough image.yaml:112:9 /hardware/disk: a disk of 10 GiB is too small [Give at least 13 GiB.]'],
  ],
  [
    'hardware-enough',
    'little memory',
    { replace: [['memory: 2 GiB', 'memory: 256 MiB']] },
    ['hardware-enough image.yaml:111:11 /hardware/memory: 256 MiB of memory is too little [Give at least 512 MiB.]'],
  ],
  [
    'data-disk',
    'a data disk twice',
    { replace: [['- { name: data, size: 20 GiB }', '- { name: data, size: 20 GiB }\n    - { name: data, size: 1 GiB }']] },
    ['data-disk image.yaml:115:15 /hardware/dataDisks/1/name: data disk "data" is there twice [Give it another name.]'],
  ],
  [
    'scripts-run',
    'a script without the bit',
    { files: { 'scripts/20-more': '#!/bin/sh' } },
    ['scripts-run scripts/20-more -: scripts/20-more is not executable [chmod +x scripts/20-more]'],
  ],
  [
    'audit-exception',
    'an exception from no rule',
    { replace: [['rule: private-key', 'rule: privat-key']] },
    ['audit-exception image.yaml:118:13 /audit/except/0/rule: the audit has no rule "privat-key" [Did you mean "private-key"?]'],
  ],
  [
    'sample-answers',
    'no sample',
    { files: { 'sample/answers.yaml': null } },
    [
      'sample-answers sample/answers.yaml -: there is no sample/answers.yaml, with which the proof sets up the baked image [Write one with a value for every required setting.]',
    ],
  ],
  [
    'sample-answers',
    'a wrong sample',
    { files: { 'sample/answers.yaml': 'schemaVersion: 1\nproduct:\n  admin:\n    email: nobody\n  teme: dark\n' } },
    [
      'sample-answers sample/answers.yaml:5:3 /product/teme: "teme" is not known in product [Did you mean "theme"?]',
      'sample-answers sample/answers.yaml:4:12 /product/admin/email: product.admin.email is not an e-mail address',
    ],
  ],
];

describe('rules', () => {
  it.each(BROKEN)('%s: %s', async (_rule, _what, change, wanted) => {
    const findings = await findingsOf(change, AUDIT_RULES);
    expect(findings.map((finding, index) => finding.slice(0, wanted[index]?.length))).toEqual(wanted);
  });

  it('are all tried, and each has its file in the folder', async () => {
    expect([...new Set(BROKEN.map(([rule]) => rule))].sort()).toEqual(RULES.map(({ name }) => name).sort());
    const files = await readdir(new URL('../../../builder/definition/rules', import.meta.url));
    expect(files.sort()).toEqual([...RULES.map(({ name }) => `${name}.ts`), 'index.ts', 'rule.ts', 'settings.ts'].sort());
  });

  it('leave audit exceptions alone where the rules of the audit are not known', async () => {
    expect(await findingsOf({ replace: [['rule: private-key', 'rule: whatever']] })).toEqual([]);
  });
});
