"""The same star by Mininet, with a Linux bridge as its switch and no controller. Prints the set-up in ms."""
import os
import sys
import time

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import SingleSwitchTopo

if os.geteuid() != 0:
    sys.exit(1)
setLogLevel("error")
start = time.monotonic()
network = Mininet(topo=SingleSwitchTopo(int(sys.argv[1])), switch=LinuxBridge, controller=None)
network.start()
print((time.monotonic() - start) * 1e3)
network.stop()
