# Node.js as nvm lays it out; nvm itself where the image was baked with it (README.md).
export NVM_DIR=/usr/local/lib/nvm
for _node in "$NVM_DIR"/versions/node/v*/bin; do
    PATH=$_node:$PATH
done
unset _node
if [ -s "$NVM_DIR/nvm.sh" ]; then
    . "$NVM_DIR/nvm.sh" --no-use
fi
