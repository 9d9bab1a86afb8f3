import { ask, domain, must, resolver } from './lib.mjs';

// A user registers at a core, and goes on where the answer says, by a name of the user's own or at the core's.
const username = `u${Date.now()}`;
const registration = JSON.stringify({ username, password: 'sample-only-4711', email: `${username}@example.org`, appId: 'unit-acceptance' });
const made = await ask(`co1.${domain}`, '/users', { method: 'POST', body: registration });
must(`the user is made: ${made.text}`, made.code === 201);
must('the same name is not given twice', (await ask(`co1.${domain}`, '/users', { method: 'POST', body: registration })).code === 409);
const { hostname, pathname, username: token } = new URL(JSON.parse(made.text).apiEndpoint);
const [[core], [address]] = [await resolver.resolve4(`co1.${domain}`), await resolver.resolve4(hostname)];
must("the user's address leads to the core", core === address);

const post = (path, data) =>
  ask(hostname, pathname + path, { method: 'POST', body: JSON.stringify(data), headers: { authorization: token } });
const content = "it's data; \"quoted\"";
must('a stream is made', (await post('streams', { id: 'diary', name: 'Diary' })).code === 201);
must('data is taken', (await post('events', { streamIds: ['diary'], type: 'note/txt', content })).code === 201);
const read = await ask(hostname, `${pathname}events`, { headers: { authorization: token } });
must('and read again', JSON.parse(read.text).events.some((event) => event.content === content));
must('by nobody without the token', (await ask(hostname, `${pathname}events`)).code !== 200);
must('strangers do not register users', (await ask(`reg.${domain}`, '/users/stranger?core=co1', { method: 'POST' })).code === 403);
must('static web is served', (await ask(`sw.${domain}`, '/')).text.includes('<h1>'));
