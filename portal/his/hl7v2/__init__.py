"""Changes of privileges as HL7 v2 messages (MFN^M02 with PRA-7) over MLLP.

On the other side: an integration engine of the hospital. HL7 v2 only tells; what the HIS
then has is read back through another transport, see ``portal.his.opening``.
"""
