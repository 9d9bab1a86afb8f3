import { ask, domain, must, resolver } from './lib.mjs';

const user = `u${Date.now()}`;
must('the user is made', (await ask(`co1.${domain}`, `/users/${user}`, { method: 'POST' })).code === 201);
must('the same name is not given twice', (await ask(`co1.${domain}`, `/users/${user}`, { method: 'POST' })).code === 409);
const [[core], [address]] = [await resolver.resolve4(`co1.${domain}`), await resolver.resolve4(`${user}.${domain}`)];
must("the user's name leads to the core", core === address);
must('data is taken', (await ask(`${user}.${domain}`, '/events', { method: 'POST', body: "it's data; \"quoted\"" })).code === 201);
must('and read again', JSON.parse((await ask(`${user}.${domain}`, '/events')).text).events[0] === "it's data; \"quoted\"");
must('strangers do not register users', (await ask(`reg.${domain}`, '/users/stranger?core=co1', { method: 'POST' })).code === 403);
must('static web is served', (await ask(`sw.${domain}`, '/')).text.includes('<h1>'));
