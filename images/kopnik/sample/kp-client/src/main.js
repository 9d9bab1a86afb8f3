// WAMP (wamp-proto.org, basic profile) through nginx's /ws: calls the server's procedure and shows everybody's messages.
const socket = new WebSocket(`wss://${location.host}/ws`, 'wamp.2.json');
const send = (...message) => socket.send(JSON.stringify(message));
const list = document.querySelector('ul');

socket.onopen = () => send(1, 'kopnik', { roles: { caller: {}, subscriber: {} } });
socket.onmessage = ({ data }) => {
  const [type, ...rest] = JSON.parse(data);
  if (type === 2) send(32, 1, {}, 'org.kopnik.said');
  if (type !== 36) return;
  const item = document.createElement('li');
  item.textContent = rest[3].join(', ');
  list.append(item);
};
document.querySelector('form').onsubmit = (event) => {
  event.preventDefault();
  send(48, Date.now(), {}, 'org.kopnik.say', [event.target.text.value]);
  event.target.reset();
};
