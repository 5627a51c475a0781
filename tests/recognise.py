# Writes down what a recogniser hears in a WAV file of 16 kHz, mono, 16 bits: a JSON array with one text for each
# stretch, given as `FIRST:LAST` in frames.
import json
import sys
import wave

from pocketsphinx import Decoder

path, stretches = sys.argv[1], [tuple(map(int, it.split(":"))) for it in sys.argv[2:]]
heard = []
with wave.open(path) as file:
    assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
    for first, last in stretches:
        decoder = Decoder(samprate=16000, loglevel="FATAL")
        file.setpos(first)
        decoder.start_utt()
        decoder.process_raw(file.readframes(last - first), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        heard.append(hypothesis.hypstr if hypothesis else "")
print(json.dumps(heard))
