"""What a page would fetch from elsewhere: an explorer stands alone, so there is none of it.

The name of SVG's elements looks like an address and is none: nobody fetches it.
"""

import re

OUTSIDE = re.compile(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(")
