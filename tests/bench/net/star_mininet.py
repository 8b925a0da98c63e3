"""The same star by Mininet, with a Linux bridge as its switch and no controller. Prints the set-up in ms."""
import ctypes
import os
import sys
import time

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import SingleSwitchTopo

if os.geteuid() != 0:
    sys.exit(1)
CLONE_NEWNET = 0x40000000
if ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:  # its switches would be made beside the machine's own interfaces
    sys.exit(1)
Mininet.inited = True  # else it raises limits of the whole machine, for good
setLogLevel("error")
start = time.monotonic()
network = Mininet(topo=SingleSwitchTopo(int(sys.argv[1])), switch=LinuxBridge, controller=None)
network.start()
print((time.monotonic() - start) * 1e3)
network.stop()
