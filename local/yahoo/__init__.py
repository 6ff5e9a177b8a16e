"""A Yahoo Finance on this machine: real bars of 2009 and 2010 moved to today, and every fault that Yahoo can have.

For tests, and for trying the whole stack offline; the product does not know it. `server.LocalYahoo` is the way in.
"""
