// `dig NS DOMAIN` gives the register, and its name and the others lead where the settings say.
import { domain, must, resolver } from './lib.mjs';

must('the domain is served by reg', (await resolver.resolveNs(domain)).includes(`reg.${domain}`));
for (const name of ['reg', 'co1', 'sw']) must(`${name} has an address`, (await resolver.resolve4(`${name}.${domain}`)).length === 1);
