import { ask, domain, must } from './lib.mjs';

const { code, text } = await ask(`reg.${domain}`, '/service/info');
must('the register answers', code === 200);
must('it names itself', JSON.parse(text).register === `https://reg.${domain}/`);
must('no variable is left', !/[A-Z]+_[A-Z_]+|DOMAIN/.test(text));
must('it has its names', JSON.parse((await ask(`reg.${domain}`, '/health')).text).names === true);
must('it knows where users may go', (await ask(`reg.${domain}`, '/hostings')).text.includes(`https://co1.${domain}/`));
