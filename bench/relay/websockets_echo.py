"""An echo of the audio of ACS with the package `websockets` and `json`: one of the servers that are measured."""
import asyncio
import json
import sys

import websockets


async def serve_call(socket, _path=None):
    async for message in socket:
        frame = json.loads(message)
        if frame.get("kind") != "AudioData":
            continue
        data = frame["audioData"]["data"]
        await socket.send(json.dumps({"Kind": "AudioData", "AudioData": {"Data": data}, "StopAudio": None}))


async def main():
    async with websockets.serve(serve_call, "127.0.0.1", 0, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        # The measurement holds the other end of the standard input: its end is the end of this process.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
